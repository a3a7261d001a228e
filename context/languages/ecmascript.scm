; What the grammars of JavaScript, TypeScript and TSX have in common.

(function_declaration name: (_) @name body: (_) @body) @unit.function
(generator_function_declaration name: (_) @name body: (_) @body) @unit.function
(function_expression name: (_)? @name body: (_) @body) @unit.function
(variable_declarator name: (_) @name value: (arrow_function body: (statement_block) @body)) @unit.function
(method_definition name: (_) @name body: (_) @body) @unit.method
(class_declaration name: (_) @name body: (_) @body) @unit.class
(class name: (_)? @name body: (_) @body) @unit.class

[
  (statement_block)
  (class_body)
  (switch_body)
] @block

[
  (break_statement)
  (class_declaration)
  (continue_statement)
  (debugger_statement)
  (do_statement)
  (empty_statement)
  (export_statement)
  (expression_statement)
  (for_in_statement)
  (for_statement)
  (function_declaration)
  (generator_function_declaration)
  (if_statement)
  (import_statement)
  (labeled_statement)
  (lexical_declaration)
  (method_definition)
  (return_statement)
  (switch_statement)
  (switch_case)
  (switch_default)
  (throw_statement)
  (try_statement)
  (variable_declaration)
  (while_statement)
  (with_statement)
] @statement

[
  (string)
  (template_string)
] @string
(template_substitution) @interpolation
(comment) @comment
(regex) @opaque

[
  (identifier)
  (property_identifier)
  (private_property_identifier)
  (shorthand_property_identifier)
  (shorthand_property_identifier_pattern)
] @identifier
