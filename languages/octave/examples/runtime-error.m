function result = average(numbers)
  if isempty(numbers)
    error("no numbers to average");
  end
  result = sum(numbers) / numel(numbers);
end

disp("before")
average([])  % fails here
