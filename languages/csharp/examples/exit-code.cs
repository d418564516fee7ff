Console.WriteLine("leaving");
return 7;
