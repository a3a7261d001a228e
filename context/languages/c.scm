; What the grammars of C and C++ have in common.

(function_definition
  declarator: (function_declarator declarator: (_) @name) body: (compound_statement) @body) @unit.function
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (_) @name))
  body: (compound_statement) @body) @unit.function
(struct_specifier name: (_) @name body: (_) @body) @unit.class
(union_specifier name: (_) @name body: (_) @body) @unit.class
(enum_specifier name: (_) @name body: (_) @body) @unit.class

[
  (compound_statement)
  (field_declaration_list)
  (enumerator_list)
] @block

[
  (break_statement)
  (case_statement)
  (continue_statement)
  (declaration)
  (do_statement)
  (enumerator)
  (expression_statement)
  (field_declaration)
  (for_statement)
  (function_definition)
  (goto_statement)
  (if_statement)
  (labeled_statement)
  (linkage_specification)
  (preproc_call)
  (preproc_def)
  (preproc_function_def)
  (preproc_include)
  (return_statement)
  (switch_statement)
  (type_definition)
  (while_statement)
] @statement

[
  (string_literal)
  (char_literal)
  (system_lib_string)
] @string
(comment) @comment

[
  (identifier)
  (field_identifier)
  (type_identifier)
] @identifier
