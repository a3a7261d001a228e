; What files define and import: JavaScript beyond ecmascript.tags.scm.

(class_body (field_definition property: (_) @name) @definition.field)
