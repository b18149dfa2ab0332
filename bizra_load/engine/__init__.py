"""How load is made: the plan, due times, waking users, sockets, HTTP/1.1. gevent, no Locust."""
