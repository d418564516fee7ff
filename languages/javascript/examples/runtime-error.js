console.log("before");
throw new Error("on line 2");
