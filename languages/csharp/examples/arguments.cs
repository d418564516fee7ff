foreach (string argument in args)
{
    Console.WriteLine(argument);
}
Console.WriteLine(Environment.GetEnvironmentVariable("GREETING"));
