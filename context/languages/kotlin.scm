(function_declaration name: (_) @name (function_body) @body) @unit.function
(secondary_constructor (block) @body) @unit.method
(class_declaration name: (_) @name [(class_body) (enum_class_body)] @body) @unit.class
(object_declaration name: (_) @name (class_body) @body) @unit.class
(companion_object name: (_)? @name (class_body) @body) @unit.class

[
  (block)
  (class_body)
  (enum_class_body)
  (lambda_literal)
] @block
(when_expression "{" @block.open) @block

[
  (anonymous_initializer)
  (assignment)
  (class_declaration)
  (companion_object)
  (do_while_statement)
  (enum_entry)
  (for_statement)
  (function_declaration)
  (import)
  (object_declaration)
  (package_header)
  (property_declaration)
  (return_expression)
  (secondary_constructor)
  (throw_expression)
  (type_alias)
  (when_entry)
  (while_statement)
] @statement
; Expressions are statements where they stand for themselves.
(source_file [(call_expression) (if_expression) (try_expression) (unary_expression) (when_expression)] @statement)
(block [(call_expression) (if_expression) (try_expression) (unary_expression) (when_expression)] @statement)
(lambda_literal [(call_expression) (if_expression) (try_expression) (unary_expression) (when_expression)] @statement)

[
  (string_literal)
  (multiline_string_literal)
  (character_literal)
] @string
(interpolation) @interpolation
[
  (line_comment)
  (block_comment)
] @comment

(identifier) @identifier
