use super::*;

/// One command in `/app`. The variables `exe` and `shebang` stand for what the caller found out.
struct Case(&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

/// The places of a command line. A word in the text may hold spaces as `+`.
fn of(text: &str, variables: &[(&str, &str)]) -> Vec<NamedPlace> {
    let words: Vec<String> = text.split_whitespace().map(|word| word.replace('+', " ")).collect();
    let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let variable = |name: &str| value(name).map(str::to_owned);
    places(&NamedCommand { words: &words, folder: "/app", variable: &variable, executable: value("exe"), shebang: value("shebang") })
}

/// The whole list of own places, and some of the others in their order.
#[rustfmt::skip]
const ROWS: &[Case] = &[
    // Executables.
    Case("/server", &[], &["/server", "/server.deps.json"], &[]),
    Case("./server --port 1", &[], &["/app/server", "/app/server.deps.json"], &["/app", "/app/_internal"]),
    Case("server", &[("PATH", "/usr/local/bin:/usr/bin")], &["/usr/local/bin/server", "/usr/local/bin/server.deps.json", "/usr/bin/server", "/usr/bin/server.deps.json"], &[]),
    Case("server", &[("PATH", "/usr/bin"), ("exe", "/opt/s/server")], &["/opt/s/server", "/opt/s/server.deps.json"], &["/opt/s", "/opt/lib", "/usr/local/lib"]),
    Case("/bin/cpp-app", &[], &["/bin/cpp-app", "/bin/cpp-app.deps.json"], &["/bin", "/lib", "/usr/local/lib", "/usr/lib/*-linux-gnu"]),
    Case("/app/Shop.Api", &[], &["/app/Shop.Api", "/app/Shop.Api.deps.json"], &[]),
    // .NET.
    Case("dotnet Shop.Api.dll", &[], &["/app/Shop.Api.deps.json"], &[]),
    Case("dotnet exec --depsfile x /srv/a.dll --urls b.dll", &[], &["/srv/a.deps.json"], &[]),
    Case("dotnet --info", &[], &[], &[]),
    // Java.
    Case("java -jar app.jar", &[("CLASSPATH", "/other.jar")], &["/app/app.jar"], &["/app/lib"]),
    Case("java -Xmx1g -cp /x/*:y.jar -jar /opt/app.jar -cp z.jar", &[], &["/opt/app.jar"], &["/opt/lib"]),
    Case("/opt/java/openjdk/bin/java -cp /app/classes:/app/libs/*:/m.jar com.shop.Main", &[], &["/app/classes", "/app/libs", "/m.jar"], &[]),
    Case("java -classpath a.jar --add-opens java.base/java.lang=ALL-UNNAMED Main", &[], &["/app/a.jar"], &[]),
    Case("java --class-path=a.jar:b.jar Main", &[], &["/app/a.jar", "/app/b.jar"], &[]),
    Case("java --module-path mods:/x/y.jar -m shop/com.shop.Main", &[], &["/app/mods", "/x/y.jar"], &[]),
    Case("java Main", &[("CLASSPATH", "/c/*:/d.jar")], &["/c", "/d.jar"], &[]),
    Case("java Main", &[], &["/app"], &[]),
    Case("java org.springframework.boot.loader.launch.JarLauncher", &[], &["/app/BOOT-INF/lib", "/app"], &[]),
    Case("java Main", &[("JDK_JAVA_OPTIONS", "-Xmx1g -cp /j.jar")], &["/j.jar"], &[]),
    Case("java Main", &[("JAVA_TOOL_OPTIONS", "-Djava.class.path=/t.jar")], &["/t.jar"], &[]),
    Case("java -cp @/app/jib-classpath-file com.shop.Main", &[], &[], &["/app/libs"]),
    Case("java @/app/args", &[], &["/app"], &[]),
    // Python.
    Case("python app.py", &[("PATH", "/venv/bin:/usr/local/bin:/usr/bin")], &[], &["/app", "/venv/lib/python3*/site-packages", "/usr/local/lib/python3*/site-packages", "/usr/lib/python3*/dist-packages"]),
    Case("/venv/bin/python3 -u -m uvicorn main:app", &[("exe", "/usr/bin/python3.12")], &[], &["/app", "/venv/lib/python3*/site-packages", "/usr/lib/python3*/site-packages"]),
    Case("python3.12 /srv/x/run.py", &[("PYTHONPATH", "/p:/q"), ("HOME", "/home/app")], &[], &["/srv/x", "/p", "/q", "/usr/lib/python3*/dist-packages", "/home/app/.local/lib/python3*/site-packages"]),
    Case("python3 -W ignore -X dev app.pyz", &[("VIRTUAL_ENV", "/v")], &["/app/app.pyz"], &["/app", "/v/lib/python3*/site-packages"]),
    Case("gunicorn app:app", &[("PATH", "/usr/local/bin"), ("exe", "/usr/local/bin/gunicorn"), ("shebang", "#!/usr/local/bin/python3.11")], &["/usr/local/bin/gunicorn"], &["/usr/local/bin", "/usr/local/lib/python3*/site-packages"]),
    Case("/venv/bin/celery -A app worker", &[("shebang", "#!/venv/bin/python3")], &["/venv/bin/celery"], &["/venv/lib/python3*/site-packages"]),
    Case("./manage.py runserver", &[("PATH", "/v/bin"), ("shebang", "#!/usr/bin/env python3")], &[], &["/app", "/v/lib/python3*/site-packages"]),
    Case("ddtrace-run python app.py", &[], &[], &["/app", "/usr/lib/python3*/dist-packages"]),
    Case("opentelemetry-instrument --service_name x /v/bin/python app.py", &[], &[], &["/app"]),
    Case("newrelic-admin run-program /v/bin/python app.py", &[], &[], &["/app", "/v/lib/python3*/site-packages"]),
    Case("poetry run python app.py", &[], &[], &["/app"]),
    // Node.
    Case("node /app/src/index.js", &[], &["/app/src/index.js"], &["/app/src/node_modules/@aws-sdk/*/package.json", "/app/node_modules/aws-sdk/package.json", "/app/node_modules/.pnpm", "/node_modules/aws-sdk/package.json", "/app/.yarn/cache"]),
    Case("node --require ./tracing.js --max-old-space-size=512 dist/main.js --x", &[], &["/app/dist/main.js"], &["/app/dist/node_modules/aws-sdk/package.json"]),
    Case("node server", &[("NODE_PATH", "/opt/nodejs/node_modules")], &["/app/server", "/app/server.js", "/app/server/index.js"], &["/app/node_modules/aws-sdk/package.json", "/opt/nodejs/node_modules/@aws-sdk/*/package.json"]),
    Case("node -e 1", &[], &[], &["/app/node_modules/aws-sdk/package.json"]),
    Case("npm start", &[("shebang", "#!/usr/bin/env node"), ("exe", "/usr/local/lib/node_modules/npm/bin/npm-cli.js")], &["/usr/local/lib/node_modules/npm/bin/npm-cli.js"], &["/usr/local/lib/node_modules/npm/node_modules/aws-sdk/package.json", "/app/node_modules/aws-sdk/package.json"]),
    Case("yarn run start", &[("HOME", "/root")], &[], &["/app/node_modules/@aws-sdk/*/package.json", "/app/.yarn/cache", "/root/.yarn/berry/cache"]),
    Case("./node_modules/.bin/next start", &[("shebang", "#!/usr/bin/env node")], &["/app/node_modules/.bin/next", "/app/node_modules/.bin/next.js", "/app/node_modules/.bin/next/index.js"], &["/app/node_modules/aws-sdk/package.json"]),
    // Ruby, PHP, PowerShell.
    Case("bundle exec puma -C config/puma.rb", &[("GEM_HOME", "/gems")], &[], &["/gems/specifications", "/app/vendor/bundle/ruby/*/specifications", "/usr/local/bundle/specifications"]),
    Case("ruby app.rb", &[("GEM_PATH", "/a:/b"), ("PATH", "/opt/ruby/bin")], &[], &["/a/specifications", "/b/specifications", "/opt/ruby/lib/ruby/gems/*/specifications"]),
    Case("bin/rails server", &[("shebang", "#!/usr/bin/env ruby")], &[], &["/usr/local/lib/ruby/gems/*/specifications"]),
    Case("php /srv/www/public/index.php", &[], &[], &["/srv/www/public/vendor/composer/installed.json", "/srv/www/vendor/composer/installed.json", "/app/vendor/composer/installed.json"]),
    Case("php-fpm8.2 -F", &[], &[], &["/app/vendor/composer/installed.json"]),
    Case("pwsh -File run.ps1", &[("HOME", "/root")], &[], &["/root/.local/share/powershell/Modules", "/opt/microsoft/powershell/*/Modules"]),
    // Wrappers.
    Case("/sbin/tini -g -- java -jar app.jar", &[], &["/app/app.jar"], &[]),
    Case("/usr/bin/dumb-init --rewrite 15:3 node a.js", &[], &["/app/a.js"], &[]),
    Case("env -i -u X A=1 B=2 java -jar app.jar", &[], &["/app/app.jar"], &[]),
    Case("env -S java+-jar+app.jar", &[], &["/app/app.jar"], &[]),
    Case("gosu app:app nice -n 5 timeout -k 3 10 /server", &[], &["/server", "/server.deps.json"], &[]),
    Case("setpriv --reuid 1000 --clear-groups nohup /server", &[], &["/server", "/server.deps.json"], &[]),
    Case("tini -- sh -c exec+java+-Dx='a+b'+-jar+\"app.jar\"", &[], &["/app/app.jar"], &[]),
    Case("/bin/bash -ec A=1+exec+java+$OPTS+-jar+/x.jar+${ARGS}", &[("OPTS", "-Xmx1g -cp y")], &["/x.jar"], &[]),
    Case("sh -c cd+/x+&&+java+-jar+app.jar", &[], &[], &[]),
    Case("sh -c java+-jar+$HOME/app.jar", &[], &[], &[]),
    Case("sh -c exec+java+-jar+'app.jar", &[], &[], &[]),
    Case("/docker-entrypoint.sh java -jar app.jar", &[("shebang", "#!/bin/sh")], &[], &[]),
    Case("sh start.sh", &[], &[], &[]),
    Case("bash", &[], &[], &[]),
    Case("tini --", &[], &[], &[]),
    Case("", &[], &[], &[]),
    Case("sh -c sh+-c+x", &[("PATH", "/b")], &["/b/x", "/b/x.deps.json"], &[]),
];

#[test]
fn commands_name_their_places() {
    assert!(ROWS.len() >= 40);
    for Case(text, variables, own, others) in ROWS {
        let places = of(text, variables);
        let paths = |own: bool| -> Vec<&str> { places.iter().filter(|place| place.own == own).map(|place| place.path.as_str()).collect() };
        assert_eq!(paths(true), *own, "{text}");
        let mut rest = paths(false).into_iter();
        for other in *others {
            assert!(rest.any(|path| path == *other), "{text}: {other} in {:?}", paths(false));
        }
        assert!(places.iter().all(|place| place.path.starts_with('/') && !place.path.contains("//") && !place.path.contains("/../")));
    }
}

#[test]
fn where_nothing_is_named_no_place_is_looked_at() {
    for text in ["", "sh", "sh start.sh", "bash -c a;b", "sh -c", "env", "dotnet --info"] {
        assert!(of(text, &[]).iter().all(|place| place.own), "{text}");
    }
    assert_eq!(of("sh start.sh", &[]), []);
}

#[test]
fn folders_say_how_they_are_looked_at() {
    let kind = |text: &str, path: &str| of(text, &[]).into_iter().find(|place| place.path == path).unwrap().kind;
    assert_eq!(kind("java -cp /x/* A", "/x"), PlaceKind::Folder { depth: 1, only: &[] });
    assert_eq!(kind("java -cp /x/classes A", "/x/classes"), PlaceKind::Folder { depth: 5, only: &["META-INF"] });
    assert_eq!(kind("node a.js", "/app/node_modules/.pnpm"), PlaceKind::Folder { depth: 5, only: &["@aws-sdk+client-", "aws-sdk@"] });
    assert_eq!(kind("ruby a.rb", "/usr/local/bundle/specifications"), PlaceKind::Folder { depth: 1, only: &["aws-sdk"] });
    assert_eq!(kind("java -jar a.jar", "/app/a.jar"), PlaceKind::File);
}

#[test]
fn places_are_few_and_each_comes_once() {
    let long: String = (0..500).map(|number| format!("/jars/{number}.jar:")).collect();
    assert_eq!(of(&format!("java -cp {long} Main"), &[]).len(), PLACES);
    assert_eq!(of("java -cp a.jar:a.jar:./a.jar Main", &[]).len(), 1);
    let deep = format!("node {}/a.js", "/d".repeat(5000));
    assert!(of(&deep, &[]).len() <= PLACES);
    let nested = "env ".repeat(1000);
    assert!(of(&format!("{nested} java -jar app.jar"), &[]).len() <= PLACES);
}

#[test]
fn the_program_is_the_word_behind_the_wrappers() {
    let program = |text: &str| {
        let words: Vec<String> = text.split_whitespace().map(|word| word.replace('+', " ")).collect();
        program(&NamedCommand { words: &words, folder: "/app", variable: &|_| None, executable: None, shebang: None })
    };
    assert_eq!(program("tini -- gunicorn app:app").as_deref(), Some("gunicorn"));
    assert_eq!(program("sh -c exec+/srv/run+--x").as_deref(), Some("/srv/run"));
    assert_eq!(program("java -jar x.jar").as_deref(), Some("java"));
    assert_eq!(program("sh run.sh"), None);
    assert_eq!(program(""), None);
}
