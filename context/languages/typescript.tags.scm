; What files define and import: TypeScript beyond ecmascript.tags.scm.

(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.class
(enum_declaration name: (_) @name body: (_) @body) @definition.class
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (_) @name body: (_) @body) @definition.module
(module name: [(identifier) (nested_identifier)] @name body: (_) @body) @definition.module

(class_body (public_field_definition name: (_) @name) @definition.field)
[
  (abstract_method_signature name: (_) @name)
  (method_signature name: (_) @name)
] @definition.method
(interface_body (property_signature name: (_) @name) @definition.field)
(enum_body name: (_) @name @definition.constant)
(enum_assignment name: (_) @name) @definition.constant

(function_signature name: (_) @name) @definition.function
(ambient_declaration (function_declaration name: (_) @name) @definition.function)
(ambient_declaration (_ (variable_declarator name: (identifier) @name) @definition.variable))
(program (lexical_declaration kind: "const" (variable_declarator
  name: (identifier) @name
  value: [
    (as_expression)
    (non_null_expression)
    (satisfies_expression)
  ]) @definition.constant))
(export_statement (lexical_declaration kind: "const" (variable_declarator
  name: (identifier) @name
  value: [
    (as_expression)
    (non_null_expression)
    (satisfies_expression)
  ]) @definition.constant))

(import_statement
  (import_require_clause (identifier) @alias source: (string (string_fragment) @path))) @import
