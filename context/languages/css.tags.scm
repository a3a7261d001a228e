; What files define and import: CSS.

(class_selector (class_name (identifier) @name)) @definition.class
(id_selector (id_name) @name) @definition.variable
(declaration (property_name) @name
  (#match? @name "^--")) @definition.variable
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.constant

(import_statement [
  (string_value (string_content) @path)
  (call_expression (arguments (string_value (string_content) @path)))
  (call_expression (arguments (plain_value) @path))
]) @import
