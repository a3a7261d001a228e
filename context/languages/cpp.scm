; What C++'s grammar has beyond C's.

(function_definition
  declarator: (reference_declarator (function_declarator declarator: (_) @name))
  body: (compound_statement) @body) @unit.function
(class_specifier name: (_) @name body: (_) @body) @unit.class
(namespace_definition name: (_)? @name body: (_) @body) @unit.class
(lambda_expression body: (_) @body) @unit.function

(declaration_list) @block

[
  (alias_declaration)
  (class_specifier)
  (concept_definition)
  (for_range_loop)
  (friend_declaration)
  (namespace_alias_definition)
  (namespace_definition)
  (static_assert_declaration)
  (template_declaration)
  (throw_statement)
  (try_statement)
  (using_declaration)
] @statement

(raw_string_literal) @string
(namespace_identifier) @identifier
