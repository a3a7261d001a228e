[
  (element)
  (script_element)
  (style_element)
] @block

[
  (doctype)
  (element)
  (script_element)
  (style_element)
] @statement

(quoted_attribute_value) @string
(comment) @comment
; Apostrophes and brackets mean nothing in what is read, and something else in other languages.
[
  (text)
  (raw_text)
] @opaque

; Names with a hyphen are made up by those who use them.
((tag_name) @identifier
  (#match? @identifier "^[A-Za-z][A-Za-z0-9]*$"))
