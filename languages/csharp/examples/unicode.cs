string? line = Console.ReadLine();
Console.WriteLine($"Grüße, {line}!");
