; What files define and import: Kotlin.

(source_file (function_declaration name: (_) @name (function_body)? @body) @definition.function)
(class_body (function_declaration name: (_) @name (function_body)? @body) @definition.method)
(enum_class_body (function_declaration name: (_) @name (function_body)? @body) @definition.method)
[
  (class_declaration name: (_) @name [(class_body) (enum_class_body)]? @body)
  (object_declaration name: (_) @name (class_body)? @body)
  (companion_object name: (_) @name (class_body)? @body)
] @definition.class
(type_alias type: (_) @name) @definition.type
(enum_entry . (modifiers)? . (identifier) @name) @definition.constant

(property_declaration (modifiers (property_modifier) @_const) (variable_declaration . (identifier) @name)
  (#eq? @_const "const")) @definition.constant
((source_file (property_declaration (variable_declaration . (identifier) @name)) @definition.variable)
  (#not-match? @definition.variable "^[^=]*\\bconst\\s+val\\b"))
((class_body (property_declaration (variable_declaration . (identifier) @name)) @definition.field)
  (#not-match? @definition.field "^[^=]*\\bconst\\s+val\\b"))
(class_parameter ["val" "var"] . (identifier) @name) @definition.field

(import (qualified_identifier) @path (identifier)? @alias) @import
