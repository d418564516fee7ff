bytes = 0;
do
  block = fread(stdin, 65536, "uint8=>uint8");
  bytes += numel(block);
until isempty(block)
printf("%d\n", bytes)
