"""Every Scrapy setting that differs from Scrapy's own: safe and polite by default.

Only upper-case names are read. `crawlers.run` adds what an operator set: CRAWL_ALLOW_ORIGINS and a
download slot for each of these origins.
"""

BOT_NAME = "tocsin"
USER_AGENT = "Tocsin/0.1 (news monitor; obeys robots.txt)"
SPIDER_MODULES = ["crawlers.spiders"]

# What can be fetched: http and https, nothing that reads files, data or other protocols.
DOWNLOAD_HANDLERS = {
    "http": "crawlers.download.Handler",
    "https": "crawlers.download.Handler",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
DOWNLOAD_VERIFY_CERTIFICATES = True
TWISTED_DNS_RESOLVER = "crawlers.guard.GuardedResolver"
# A proxy would look names up itself, past the guard.
HTTPPROXY_ENABLED = False
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 5
CRAWL_ALLOW_ORIGINS: list[str] = []

# How much of it: a page, also after decompression; the time for one.
DOWNLOAD_MAXSIZE = 5 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_TIMEOUT = 20
DNS_TIMEOUT = 10
RETRY_TIMES = 1

# How politely: a slot is an origin; AutoThrottle makes it slower where the server is.
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Tocsin"
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 2
DOWNLOAD_DELAY = 1.0
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 30.0
COOKIES_ENABLED = False
REFERER_ENABLED = False

DOWNLOADER_MIDDLEWARES = {
    "crawlers.guard.GuardMiddleware": 10,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawlers.robots.RobotsMiddleware": 100,
}
ITEM_PIPELINES = {"crawlers.publish.PublishPipeline": 100}
# So many messages of a whole crawl wait for Kafka's acknowledgement at most: what a kill doubles.
CONCURRENT_ITEMS = 4
# A page counts for 1,024 bytes at least, and until its article is acknowledged: while more than
# these are at work no further one is asked for, so that a visit has at most CONCURRENT_REQUESTS +
# CONCURRENT_ITEMS pages that a kill makes it fetch again.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 1_024 * CONCURRENT_ITEMS

# What listens and what is written: nothing.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
# Who runs the crawl says where its warnings go.
LOG_INSTALL_ROOT_HANDLER = False
LOG_LEVEL = "WARNING"
LOG_VERSIONS: list[str] = []
STATS_DUMP = False
LOGSTATS_INTERVAL = 0
# Failures are in the run's counts and dead letters; a traceback each would bury what is a bug.
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
