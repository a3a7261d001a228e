; What files define and import: shell scripts.

(function_definition name: (_) @name body: (_) @body) @definition.function
(program (variable_assignment name: (variable_name) @name) @definition.variable)
(program (declaration_command (variable_assignment name: (variable_name) @name) @definition.variable))

(command
  name: (command_name (word) @_command)
  .
  argument: [
    (string (_)+ @path)
    (concatenation) @path
    (raw_string) @path
    (word) @path
  ]
  (#any-of? @_command "source" ".")) @import
