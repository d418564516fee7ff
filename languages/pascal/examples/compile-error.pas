program CompileError;
var Number: Integer = 'text';
begin
end.
