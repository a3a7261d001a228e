(class_declaration name: (_) @name body: (_) @body) @unit.class
(struct_declaration name: (_) @name body: (_) @body) @unit.class
(interface_declaration name: (_) @name body: (_) @body) @unit.class
(enum_declaration name: (_) @name body: (_) @body) @unit.class
(record_declaration name: (_) @name body: (_) @body) @unit.class
(namespace_declaration name: (_) @name body: (_) @body) @unit.class
(method_declaration name: (_) @name body: (block) @body) @unit.method
(constructor_declaration name: (_) @name body: (block) @body) @unit.method
(local_function_statement name: (_) @name body: (block) @body) @unit.function

[
  (block)
  (declaration_list)
  (enum_member_declaration_list)
  (accessor_list)
  (switch_body)
] @block

[
  (break_statement)
  (class_declaration)
  (constructor_declaration)
  (continue_statement)
  (delegate_declaration)
  (destructor_declaration)
  (do_statement)
  (empty_statement)
  (enum_declaration)
  (enum_member_declaration)
  (event_field_declaration)
  (expression_statement)
  (field_declaration)
  (file_scoped_namespace_declaration)
  (fixed_statement)
  (for_statement)
  (foreach_statement)
  (global_statement)
  (goto_statement)
  (if_statement)
  (interface_declaration)
  (labeled_statement)
  (local_declaration_statement)
  (local_function_statement)
  (lock_statement)
  (method_declaration)
  (namespace_declaration)
  (operator_declaration)
  (property_declaration)
  (record_declaration)
  (return_statement)
  (struct_declaration)
  (switch_section)
  (switch_statement)
  (throw_statement)
  (try_statement)
  (using_directive)
  (using_statement)
  (while_statement)
  (yield_statement)
] @statement

[
  (string_literal)
  (verbatim_string_literal)
  (raw_string_literal)
  (interpolated_string_expression)
  (character_literal)
] @string
(interpolation) @interpolation
(comment) @comment

(identifier) @identifier
