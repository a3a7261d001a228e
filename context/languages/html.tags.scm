; What files define and import: HTML.

(attribute
  (attribute_name) @_attribute
  [
    (attribute_value) @name
    (quoted_attribute_value (attribute_value) @name)
  ]
  (#eq? @_attribute "id")) @definition.variable

(script_element (start_tag (attribute
  (attribute_name) @_attribute
  [
    (attribute_value) @path
    (quoted_attribute_value (attribute_value) @path)
  ]))
  (#eq? @_attribute "src")) @import
(start_tag
  (tag_name) @_tag
  (attribute
    (attribute_name) @_attribute
    [
      (attribute_value) @path
      (quoted_attribute_value (attribute_value) @path)
    ])
  (#eq? @_tag "link")
  (#eq? @_attribute "href")) @import
(self_closing_tag
  (tag_name) @_tag
  (attribute
    (attribute_name) @_attribute
    [
      (attribute_value) @path
      (quoted_attribute_value (attribute_value) @path)
    ])
  (#eq? @_tag "link")
  (#eq? @_attribute "href")) @import
