(class_declaration name: (_) @name body: (_) @body) @unit.class
(interface_declaration name: (_) @name body: (_) @body) @unit.class
(enum_declaration name: (_) @name body: (_) @body) @unit.class
(record_declaration name: (_) @name body: (_) @body) @unit.class
(annotation_type_declaration name: (_) @name body: (_) @body) @unit.class
(method_declaration name: (_) @name body: (_) @body) @unit.method
(constructor_declaration name: (_) @name body: (_) @body) @unit.method
(compact_constructor_declaration name: (_) @name body: (_) @body) @unit.method

[
  (block)
  (class_body)
  (interface_body)
  (enum_body)
  (annotation_type_body)
  (constructor_body)
  (switch_block)
] @block

[
  (annotation_type_declaration)
  (annotation_type_element_declaration)
  (assert_statement)
  (break_statement)
  (class_declaration)
  (constant_declaration)
  (constructor_declaration)
  (compact_constructor_declaration)
  (continue_statement)
  (do_statement)
  (enhanced_for_statement)
  (enum_constant)
  (enum_declaration)
  (explicit_constructor_invocation)
  (expression_statement)
  (field_declaration)
  (for_statement)
  (if_statement)
  (import_declaration)
  (interface_declaration)
  (labeled_statement)
  (local_variable_declaration)
  (method_declaration)
  (package_declaration)
  (record_declaration)
  (return_statement)
  (switch_block_statement_group)
  (switch_rule)
  (synchronized_statement)
  (throw_statement)
  (try_statement)
  (try_with_resources_statement)
  (while_statement)
  (yield_statement)
] @statement

[
  (string_literal)
  (character_literal)
] @string
[
  (line_comment)
  (block_comment)
] @comment

[
  (identifier)
  (type_identifier)
] @identifier
