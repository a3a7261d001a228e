; What files define and import: Swift.

; Without parents' kinds where that can be helped, as in swift.scm: it saves a tenth of a second.
(source_file (_ "func" . (simple_identifier) @name (function_body) @body) @definition.function)
(class_body (_ "func" . (simple_identifier) @name (function_body) @body) @definition.method)
(enum_class_body (_ "func" . (simple_identifier) @name (function_body) @body) @definition.method)
(protocol_function_declaration name: (simple_identifier) @name) @definition.method
(init_declaration name: _ @name body: (_) @body) @definition.method
; An extension has the name of a type that is defined elsewhere.
(class_declaration name: (type_identifier) @name body: (_) @body) @definition.class
(protocol_declaration name: (_) @name body: (_) @body) @definition.class
(typealias_declaration . (modifiers)? . "typealias" . (type_identifier) @name) @definition.type
(associatedtype_declaration name: (_) @name) @definition.type
(enum_entry name: (simple_identifier) @name) @definition.constant

(source_file (property_declaration name: (pattern (simple_identifier) @name)) @definition.variable)
(class_body (property_declaration name: (pattern (simple_identifier) @name)) @definition.field)
(protocol_property_declaration name: (pattern (simple_identifier) @name)) @definition.field

(import_declaration (identifier) @path) @import
