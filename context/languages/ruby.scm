(method name: (_) @name body: (_)? @body) @unit.method
(singleton_method name: (_) @name body: (_)? @body) @unit.method
(class name: (_) @name body: (_)? @body) @unit.class
(module name: (_) @name body: (_)? @body) @unit.class

[
  (body_statement)
  (block_body)
  (then)
  (do)
  (block)
  (do_block)
] @block

[
  (alias)
  (assignment)
  (begin)
  (break)
  (call)
  (case)
  (class)
  (else)
  (elsif)
  (ensure)
  (for)
  (if)
  (if_modifier)
  (method)
  (module)
  (next)
  (operator_assignment)
  (redo)
  (rescue)
  (rescue_modifier)
  (return)
  (singleton_method)
  (undef)
  (unless)
  (unless_modifier)
  (until)
  (until_modifier)
  (when)
  (while)
  (while_modifier)
  (yield)
] @statement

[
  (string)
  (subshell)
  (heredoc_body)
  (string_array)
  (symbol_array)
] @string
(interpolation) @interpolation
(comment) @comment
(regex) @opaque

[
  (identifier)
  (constant)
  (instance_variable)
  (global_variable)
  (class_variable)
] @identifier
