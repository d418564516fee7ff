using Stream input = Console.OpenStandardInput();

var buffer = new byte[65536];
long total = 0;
int count;
while ((count = input.Read(buffer)) > 0)
{
    total += count;
}
Console.WriteLine(total);
