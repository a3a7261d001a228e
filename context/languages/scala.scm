(function_definition name: (_) @name body: (_) @body) @unit.function
(class_definition name: (_) @name body: (_) @body) @unit.class
(trait_definition name: (_) @name body: (_) @body) @unit.class
(object_definition name: (_) @name body: (_) @body) @unit.class
(enum_definition name: (_) @name body: (_) @body) @unit.class

[
  (block)
  (case_block)
  (enum_body)
  (indented_block)
  (indented_cases)
  (template_body)
] @block

[
  (case_clause)
  (class_definition)
  (enum_case_definitions)
  (enum_definition)
  (export_declaration)
  (extension_definition)
  (function_declaration)
  (function_definition)
  (given_definition)
  (import_declaration)
  (object_definition)
  (package_clause)
  (return_expression)
  (throw_expression)
  (trait_definition)
  (type_definition)
  (val_declaration)
  (val_definition)
  (var_declaration)
  (var_definition)
] @statement
; Whatever stands for itself in a block.
(block (_) @statement)
(indented_block (_) @statement)
(template_body [(call_expression) (for_expression) (if_expression) (assignment_expression)] @statement)
(compilation_unit [(call_expression) (infix_expression) (for_expression) (if_expression)] @statement)

[
  (string)
  (interpolated_string)
  (character_literal)
] @string
(interpolation) @interpolation
; A quote within its own marks is no opener of a string.
(character_literal) @opaque
[
  (comment)
  (block_comment)
] @comment

[
  (identifier)
  (type_identifier)
] @identifier
