## Read in place of octaverc where Octave starts before there is a program: the script is a FIFO until then, and a regular
## file when whoever writes the FIFO is done. What Octave knew of the folder until then is forgotten.
source ("/usr/share/octave/site/m/startup/octaverc"); # the link that /etc/octaverc is read by
fifo = fopen (getenv ("SOURCE"));
fread (fifo);
fclose (fifo);
unsetenv ("SOURCE");
unsetenv ("OCTAVE_SITE_INITFILE");
rehash ();
clear fifo ans
