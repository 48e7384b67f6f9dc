"""A story of more than half a minute, for people who want to interrupt."""

ENGLISH = (
    "Once upon a time, in a small town by the sea, there lived an old clockmaker. Every morning he opened his shop, "
    "wound up forty clocks, and listened until all of them ticked together. One day a stranger came in with a clock "
    "that ran backwards. The clockmaker took it apart, cleaned every wheel, and put it together again, but it still "
    "ran backwards. So he sat down and watched it for a whole night. At midnight he saw that the clock was not wrong "
    "at all. It was counting the time that was left until the harbour light would go out. He ran to the tower, filled "
    "the lamp with oil, and a ship that was lost in the storm found its way home. In the morning the strange clock "
    "had stopped, and the stranger was never seen again. But since that day the clockmaker keeps one clock that runs "
    "backwards in his window, so that nobody forgets to look after the light."
)

RUSSIAN = (
    "Жил-был в маленьком городе у моря старый часовщик. Каждое утро он открывал мастерскую, заводил сорок часов и "
    "слушал, пока все они не начинали тикать вместе. Однажды незнакомец принёс часы, которые шли назад. Часовщик "
    "разобрал их, почистил каждое колесо и собрал снова, но они всё равно шли назад. Тогда он сел и смотрел на них "
    "целую ночь. В полночь он понял, что часы вовсе не сломаны. Они отсчитывали время, которое осталось до того, как "
    "погаснет маяк. Он побежал к башне, налил масла в лампу, и корабль, который заблудился в шторме, нашёл дорогу "
    "домой. Утром странные часы остановились, а незнакомца больше никто не видел. Но с тех пор часовщик держит в окне "
    "часы, которые идут назад, чтобы никто не забывал беречь свет."
)
