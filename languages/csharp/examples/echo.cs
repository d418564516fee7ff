while (Console.ReadLine() is string line)
{
    Console.WriteLine(line);
}
Console.WriteLine("end of input");
