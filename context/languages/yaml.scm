[
  (block_mapping)
  (block_sequence)
] @block

[
  (block_mapping_pair)
  (block_sequence_item)
  (flow_pair)
] @statement

[
  (double_quote_scalar)
  (single_quote_scalar)
] @string
(comment) @comment
; Quotes, brackets and hashes mean nothing in them.
[
  (block_scalar)
  (plain_scalar)
] @opaque
