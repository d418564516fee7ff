Console.WriteLine(Other.Message());
