; What files define and import: Go.

(function_declaration name: (_) @name body: (_)? @body) @definition.function
(method_declaration name: (_) @name body: (_)? @body) @definition.method
(source_file (type_declaration (type_spec name: (_) @name type: (struct_type (_) @body)) @definition.class))
(source_file (type_declaration (type_spec name: (_) @name type: (interface_type) @body) @definition.class))
(source_file (type_declaration (type_spec name: (_) @name type: [
  (array_type)
  (channel_type)
  (function_type)
  (generic_type)
  (map_type)
  (pointer_type)
  (qualified_type)
  (slice_type)
  (type_identifier)
]) @definition.type))
(source_file (type_declaration (type_alias name: (_) @name) @definition.type))
(method_elem name: (_) @name) @definition.method
(field_declaration name: (_) @name) @definition.field

(source_file (const_declaration (const_spec name: (identifier) @name) @definition.constant))
(source_file (var_declaration (var_spec name: (identifier) @name) @definition.variable))
(source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @definition.variable)))

(import_spec name: (package_identifier)? @alias path: (_ (_) @path)) @import
