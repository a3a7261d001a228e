; What files define and import: Java.

[
  (class_declaration name: (_) @name body: (_) @body)
  (interface_declaration name: (_) @name body: (_) @body)
  (enum_declaration name: (_) @name body: (_) @body)
  (record_declaration name: (_) @name body: (_) @body)
  (annotation_type_declaration name: (_) @name body: (_) @body)
] @definition.class
[
  (method_declaration name: (_) @name body: (_)? @body)
  (constructor_declaration name: (_) @name body: (_) @body)
  (annotation_type_element_declaration name: (_) @name)
] @definition.method
(field_declaration declarator: (variable_declarator name: (_) @name)) @definition.field
(constant_declaration declarator: (variable_declarator name: (_) @name)) @definition.constant
(enum_constant name: (_) @name) @definition.constant
(record_declaration parameters: (formal_parameters (formal_parameter name: (_) @name) @definition.field))

(import_declaration [(identifier) (scoped_identifier)] @path) @import
