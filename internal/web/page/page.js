"use strict";

// The stream lies beside the page, so a token in the path stays there.
const stream = new URL("ws", location.href);
stream.protocol = stream.protocol === "https:" ? "wss:" : "ws:";

AsciinemaPlayer.create(
  { driver: "websocket", url: stream.href },
  document.getElementById("player"),
  { autoPlay: true, fit: "both", logger: console },
);
