; The structure of Swift.

; Not by the kind of the node, as everywhere below where "_" stands for one: this grammar is so large that each
; pattern with a parent of its own takes long to compile, a tenth of a second for functions.
(_ "func" . (simple_identifier) @name (function_body) @body) @unit.function
(init_declaration name: _ @name body: (_) @body) @unit.method
(deinit_declaration body: (_) @body) @unit.method
(class_declaration name: (_) @name body: (_) @body) @unit.class
(protocol_declaration name: (_) @name body: (_) @body) @unit.class

[
  (class_body)
  (computed_property)
  (enum_class_body)
  (function_body)
  (lambda_literal)
  (protocol_body)
] @block
; Blocks that are no node of their own: from brace to brace.
(_ "{" @block.open . (_)* . "}" @block.close) @block

[
  (associatedtype_declaration)
  (class_declaration)
  (deinit_declaration)
  (enum_entry)
  (function_declaration)
  (import_declaration)
  (init_declaration)
  (property_declaration)
  (protocol_declaration)
  (protocol_function_declaration)
  (protocol_property_declaration)
  (subscript_declaration)
  (switch_entry)
  (typealias_declaration)
] @statement
; Whatever stands for itself in a block, or at the top of a file.
(statements (_) @statement)
(source_file [(assignment) (call_expression) (for_statement) (guard_statement) (if_statement)] @statement)

[
  (line_string_literal)
  (multi_line_string_literal)
  (raw_string_literal)
] @string
(interpolated_expression) @interpolation
[
  (comment)
  (multiline_comment)
] @comment
(regex_literal) @opaque

[
  (simple_identifier)
  (type_identifier)
] @identifier
