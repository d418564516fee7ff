Console.WriteLine("looping");
while (true)
{
}
