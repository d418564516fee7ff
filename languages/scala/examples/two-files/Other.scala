object Other {
  def text: String = "from the other file"
}
