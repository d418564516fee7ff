for k = 1:nargin
  disp(argv(){k})
end
disp(getenv("GREETING"))
