exec sh -c "kill -ABRT [pid]"
