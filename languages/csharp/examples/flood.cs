while (true)
{
    Console.WriteLine("0123456789");
}
