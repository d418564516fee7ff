int answer = 42;
string text = answer;
Console.WriteLine(text);
