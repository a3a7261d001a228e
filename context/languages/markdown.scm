[
  (fenced_code_block)
  (section)
] @block

; A paragraph is none: it can always go on.
[
  (atx_heading)
  (fenced_code_block)
  (link_reference_definition)
  (pipe_table_row)
  (setext_heading)
  (thematic_break)
] @statement

((html_block) @comment
  (#match? @comment "^\\s*<!--"))
; Prose, and code of other languages.
[
  (code_fence_content)
  (indented_code_block)
  (inline)
] @opaque
