; What files define and import: PHP.

(program (function_definition name: (_) @name body: (_) @body) @definition.function)
(namespace_definition (compound_statement (function_definition name: (_) @name body: (_) @body)
  @definition.function))
[
  (class_declaration name: (_) @name body: (_) @body)
  (interface_declaration name: (_) @name body: (_) @body)
  (trait_declaration name: (_) @name body: (_) @body)
  (enum_declaration name: (_) @name body: (_) @body)
] @definition.class
(namespace_definition name: (_) @name body: (_)? @body) @definition.module
(method_declaration name: (_) @name body: (_)? @body) @definition.method
(property_declaration (property_element name: (variable_name (name) @name)) @definition.field)
(property_promotion_parameter name: (variable_name (name) @name)) @definition.field
(const_declaration (const_element . (name) @name) @definition.constant)
(enum_case name: (_) @name) @definition.constant

(namespace_use_declaration (namespace_use_clause !alias [(name) (qualified_name)] @path)) @import
(namespace_use_declaration (namespace_use_clause [(name) (qualified_name)] @path . "as" alias: (_) @alias)) @import
(namespace_use_declaration
  (namespace_name) @path
  body: (namespace_use_group (namespace_use_clause . [(name) (qualified_name)] @imported alias: (_)? @alias))) @import
(include_expression (_ (string_content) @path)) @import
(include_once_expression (_ (string_content) @path)) @import
(require_expression (_ (string_content) @path)) @import
(require_once_expression (_ (string_content) @path)) @import
