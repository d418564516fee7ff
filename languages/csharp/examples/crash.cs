Environment.FailFast("this program gives up");
