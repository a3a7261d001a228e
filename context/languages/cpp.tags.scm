; What files define and import: C++ beyond c.tags.scm.

(class_specifier name: (_) @name body: (_) @body) @definition.class
(namespace_definition name: (_) @name body: (_) @body) @definition.module
(alias_declaration name: (_) @name) @definition.type
(concept_definition name: (_) @name) @definition.type
(template_declaration [
  (declaration declarator: (function_declarator declarator: (identifier) @name))
  (function_definition declarator: (function_declarator declarator: (identifier) @name) body: (_) @body)
  (function_definition
    declarator: (reference_declarator (function_declarator declarator: (identifier) @name))
    body: (_) @body)
] @definition.function)
(field_declaration_list (function_definition
  declarator: (function_declarator declarator: [(destructor_name) (field_identifier) (identifier) (operator_name)] @name)
  body: (_)? @body) @definition.method)
(field_declaration_list (declaration declarator: (function_declarator declarator: (identifier) @name))
  @definition.method)

(function_definition
  declarator: [
    (function_declarator declarator: (qualified_identifier name: [
      (destructor_name)
      (identifier)
      (operator_name)
    ] @name))
    (function_declarator declarator: (qualified_identifier name: (qualified_identifier name: (_) @name)))
    (pointer_declarator (function_declarator declarator: (field_identifier) @name))
    (pointer_declarator (function_declarator declarator: (qualified_identifier name: (_) @name)))
    (reference_declarator (function_declarator declarator: (field_identifier) @name))
    (reference_declarator (function_declarator declarator: (qualified_identifier name: (_) @name)))
  ]
  body: (_) @body) @definition.method
(namespace_definition (declaration_list (function_definition
  declarator: (reference_declarator (function_declarator declarator: (identifier) @name))
  body: (_) @body) @definition.function))
(translation_unit (function_definition
  declarator: (reference_declarator (function_declarator declarator: (identifier) @name))
  body: (_) @body) @definition.function)
(field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @name)
  (pointer_declarator (function_declarator declarator: (field_identifier) @name))
  (reference_declarator (function_declarator declarator: (field_identifier) @name))
]) @definition.method
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @definition.field
