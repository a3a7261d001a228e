; What files define and import: C#.

[
  (class_declaration name: (_) @name body: (_)? @body)
  (struct_declaration name: (_) @name body: (_)? @body)
  (interface_declaration name: (_) @name body: (_)? @body)
  (enum_declaration name: (_) @name body: (_)? @body)
  (record_declaration name: (_) @name body: (_)? @body)
] @definition.class
(namespace_declaration name: (_) @name body: (_) @body) @definition.module
(file_scoped_namespace_declaration name: (_) @name) @definition.module
(delegate_declaration name: (_) @name) @definition.type
[
  (method_declaration name: (_) @name body: (_)? @body)
  (constructor_declaration name: (_) @name body: (_)? @body)
] @definition.method
(property_declaration name: (_) @name) @definition.field
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.field
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @definition.field
(enum_member_declaration name: (_) @name) @definition.constant

(using_directive !name [(identifier) (qualified_name)] @path) @import
(using_directive name: (_) @alias [(identifier) (qualified_name)] @path .) @import
