; What JavaScript's grammar has beyond ecmascript.scm.

[
  (field_definition)
  (using_declaration)
] @statement
