// A program may begin with its statements; types come after them.
Console.Write("Your name? ");
string name = Console.ReadLine() ?? "nobody";

var greeting = new Greeting("Hello", name);
Console.WriteLine(greeting);

record Greeting(string Word, string Name)
{
    public override string ToString() => $"{Word}, {Name}!";
}
