ARG BASE=debian:trixie-slim
FROM ${BASE} AS unpack
COPY fetched/pyspark.tar.gz /tmp/
RUN mkdir -p /opt/scala/lib \
 && tar --extract --file /tmp/pyspark.tar.gz --directory /opt/scala/lib --strip-components 3 \
        --no-same-owner \
        --wildcards '*/deps/jars/scala-compiler-*.jar' '*/deps/jars/scala-library-*.jar' \
        '*/deps/jars/scala-parser-combinators_*.jar' '*/deps/jars/scala-reflect-*.jar'
FROM ${BASE}
# The package of the runtime has the compiler's modules too; what that of the JDK adds (400 MB) is
# archives for jlink with debugging symbols, and the command javac. The folder of manual pages must
# be there for its installation. Class data archives other than classes.jsa are for flags that are
# not used here.
RUN mkdir -p /usr/share/man/man1 \
 && apt-get update \
 && apt-get install -y --no-install-recommends openjdk-25-jre-headless \
 && rm -rf /usr/lib/jvm/java-25-openjdk-amd64/lib/server/classes_*.jsa \
           /usr/lib/jvm/java-25-openjdk-amd64/legal \
           /usr/lib/jvm/java-25-openjdk-amd64/man \
           /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
 && groupadd --gid 10001 coderunner \
 && useradd --uid 10001 --gid 10001 --home-dir /box --no-create-home --shell /bin/sh coderunner \
 && find / -xdev -perm /6000 -type f -exec chmod a-s {} +
COPY --from=unpack /opt/scala /opt/scala
COPY build-caches compiler-options *.java *.scala /opt/scala/
# Which compiler to start and which library to use differs from the image of Scala 3: it is in an
# argument file for java. Jars are named with absolute paths, or a cache would be passed over. As in
# the script scalac, the compiler belongs to the trusted classes, which need no verification.
RUN cd /opt/scala \
 && library=$(echo /opt/scala/lib/scala-library-*.jar) \
 && reflect=$(echo /opt/scala/lib/scala-reflect-*.jar) \
 && compiler=$(echo /opt/scala/lib/scala-compiler-*.jar) \
 && combinators=$(echo /opt/scala/lib/scala-parser-combinators_*.jar) \
 && printf '%s\n' -Dscala.compiler=scala.tools.nsc.Main \
        -Dscala.libraries=$library:$reflect:$combinators \
        -Xbootclasspath/a:/opt/scala/compile.jar:$compiler:$library:$reflect > compiler \
 && sh /opt/scala/build-caches Typical.scala
USER 10001:10001
