Console.WriteLine("before");
Console.WriteLine(Area(3, -4));

static int Area(int width, int height)
{
    if (width < 0 || height < 0)
    {
        throw new ArgumentException("a side is negative"); // fails here
    }
    return width * height;
}
