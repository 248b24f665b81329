# Sourced before every build step that fetches packages; nothing of it stays in an image unless it
# writes there. Empty here: plain Debian, PyPI and Maven Central are used. Behind mirrors or a proxy
# with a certificate of its own, write a file like this outside the checkout, name it in BUILD_SITE
# (.env), and set there what your site needs, such as PIP_INDEX_URL and UV_DEFAULT_INDEX, MAVEN_ARGS,
# lines in /etc/apt, or certificates in /usr/local/share/ca-certificates.
