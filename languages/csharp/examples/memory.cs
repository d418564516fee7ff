var held = new List<byte[]>();
while (true)
{
    var block = new byte[4_000_000];
    Array.Fill(block, (byte)1);
    held.Add(block);
}
