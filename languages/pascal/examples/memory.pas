program Memory;

const
  Size = 4 * 1024 * 1024;

var
  Piece: Pointer;

begin
  while True do
  begin
    GetMem(Piece, Size);
    FillChar(Piece^, Size, 1);  { memory counts once it is written to }
  end;
end.
