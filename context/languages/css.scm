[
  (block)
  (keyframe_block_list)
] @block

[
  (at_rule)
  (charset_statement)
  (declaration)
  (import_statement)
  (keyframe_block)
  (keyframes_statement)
  (media_statement)
  (namespace_statement)
  (rule_set)
  (scope_statement)
  (supports_statement)
] @statement

(string_value) @string
[
  (comment)
  (js_comment)
] @comment
; The address in url(…) without quotes.
(plain_value) @opaque

; Classes and the like are made up by those who use them: these are the names that CSS itself has.
[
  (property_name)
  (function_name)
] @identifier
